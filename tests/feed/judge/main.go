// Judge audits a log with Go's own packages note and tlog, which know nothing of fednet.
//
//	judge <base URL> <vkey> <old size> [old root]
//
// It opens the checkpoint, reads every entry and every tile, computes each leaf hash and the root anew, proves each
// entry through the tiles, and proves that the log of the old size is a prefix. It exits 0 only if all of that holds.
//
//	judge cosignature <log vkey> <witness vkey> < checkpoint
//
// It opens a checkpoint that both have signed, and prints when the witness did.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height  = 8
	maxBody = 32 << 20
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "cosignature" {
		if err := cosignature(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "judge:", err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) < 4 || len(os.Args) > 5 {
		fmt.Fprintln(os.Stderr, "usage: judge <base URL> <vkey> <old size> [old root]")
		os.Exit(2)
	}
	if err := judge(strings.TrimSuffix(os.Args[1], "/"), os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func judge(base, vkey, old string, oldRoot []string) error {
	oldSize, err := strconv.ParseInt(old, 10, 64)
	if err != nil {
		return err
	}
	tree, err := checkpoint(base, vkey)
	if err != nil {
		return err
	}
	fmt.Printf("checkpoint: %d leaves, root %v\n", tree.N, tree.Hash)
	if tree.N == 0 {
		if tree.Hash != tlog.Hash(sha256.Sum256(nil)) {
			return fmt.Errorf("the root of an empty log is not the hash of nothing")
		}
		return nil
	}

	leaves, err := entries(base, tree.N)
	if err != nil {
		return err
	}
	stored, err := storedHashes(leaves)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the entries lead to root %v, the checkpoint signs %v", root, tree.Hash)
	}
	fmt.Printf("entries: %d lead to the signed root\n", len(leaves))

	tiles := &reader{base}
	all := tilesOf(tree.N)
	for _, tile := range all {
		expected, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		found, err := tiles.read(tile)
		if err != nil {
			return err
		}
		if !bytes.Equal(found, expected) {
			return fmt.Errorf("%s is not what the entries give", path(tile))
		}
	}
	fmt.Printf("tiles: %d are what the entries give\n", len(all))

	served := tlog.TileHashReader(tree, tiles)
	for index, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(index), served)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), leaf); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	fmt.Printf("inclusion: %d entries proven through the tiles\n", len(leaves))

	if oldSize == 0 {
		return nil
	}
	before, err := tlog.TreeHash(oldSize, stored)
	if err != nil {
		return err
	}
	if len(oldRoot) == 1 {
		if before, err = tlog.ParseHash(oldRoot[0]); err != nil {
			return err
		}
	}
	proof, err := tlog.ProveTree(tree.N, oldSize, served)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, oldSize, before); err != nil {
		return fmt.Errorf("from size %d to size %d: %w", oldSize, tree.N, err)
	}
	fmt.Printf("consistency: size %d with root %v is a prefix\n", oldSize, before)
	return nil
}

// checkpoint opens the note with the log's key and reads its three lines.
func checkpoint(base, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	raw, err := get(base + "/checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("not a size: %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("not a root: %q", lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// witness is a note.Verifier for C2SP tlog-cosignature, which package note does not know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	w.time = binary.BigEndian.Uint64(signature)
	return ed25519.Verify(w.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", w.time, text)), signature[8:])
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("not a verifier key: %q", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("not the key of a cosigner: %q", vkey)
	}
	sum := sha256.Sum256([]byte(parts[0] + "\n" + string(key)))
	return &witness{name: parts[0], hash: binary.BigEndian.Uint32(sum[:]), key: key[1:]}, nil
}

// cosignature opens the note on standard input with both keys.
func cosignature(logKey, witnessKey string) error {
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return err
	}
	cosigner, err := newWitness(witnessKey)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	opened, err := note.Open(raw, note.VerifierList(log, cosigner))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != 2 {
		return fmt.Errorf("%d of 2 keys have signed", len(opened.Sigs))
	}
	fmt.Printf("cosigned at %d\n", cosigner.time)
	return nil
}

// entries reads the entry bundles and gives the hash of each entry.
func entries(base string, size int64) ([]tlog.Hash, error) {
	var leaves []tlog.Hash
	for n := int64(0); int64(len(leaves)) < size; n++ {
		width := size - int64(len(leaves))
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: -1, N: n, W: int(width)}
		raw, err := get(base + "/" + path(tile))
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(raw) < 2 || len(raw) < 2+int(binary.BigEndian.Uint16(raw)) {
				return nil, fmt.Errorf("%s is cut", path(tile))
			}
			end := 2 + int(binary.BigEndian.Uint16(raw))
			leaves = append(leaves, tlog.RecordHash(raw[2:end]))
			raw = raw[end:]
		}
		if len(raw) > 0 {
			return nil, fmt.Errorf("%s is too long", path(tile))
		}
	}
	return leaves, nil
}

// storedHashes gives every hash of the tree over these leaves, computed here.
func storedHashes(leaves []tlog.Hash) (tlog.HashReader, error) {
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			if index >= int64(len(hashes)) {
				return nil, fmt.Errorf("no hash %d", index)
			}
			found[i] = hashes[index]
		}
		return found, nil
	})
	for n, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(n), leaf, reader)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, more...)
	}
	return reader, nil
}

// tilesOf lists the tiles of every level of a log of this size: the full ones, and a partial one at the right edge.
func tilesOf(size int64) []tlog.Tile {
	var all []tlog.Tile
	for level := 0; size > 0; level++ {
		for n := int64(0); n < size>>height; n++ {
			all = append(all, tlog.Tile{H: height, L: level, N: n, W: 1 << height})
		}
		if rest := size & (1<<height - 1); rest > 0 {
			all = append(all, tlog.Tile{H: height, L: level, N: size >> height, W: int(rest)})
		}
		size >>= height
	}
	return all
}

// reader is a tlog.TileReader over HTTP.
type reader struct{ base string }

func (r *reader) Height() int                     { return height }
func (r *reader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r *reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, err := r.read(tile)
		if err != nil {
			return nil, err
		}
		found[i] = data
	}
	return found, nil
}

func (r *reader) read(tile tlog.Tile) ([]byte, error) { return get(r.base + "/" + path(tile)) }

// path turns the path of Go's checksum database (tile/8/0/x001/234, tile/8/data/000) into that of C2SP tlog-tiles.
func path(tile tlog.Tile) string {
	rest := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	return "tile/" + strings.Replace(rest, "data/", "entries/", 1)
}

func get(url string) ([]byte, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("%s: more than %d bytes", url, maxBody)
	}
	return body, err
}
