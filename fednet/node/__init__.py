"""What a node does: keep a home, edit, publish, answer its followers, follow and sync with its peers."""
