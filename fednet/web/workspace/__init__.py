"""The desk of the secretariat, `/workspace`: what waits, records, imports, what leaves; networks, keys, settings."""
