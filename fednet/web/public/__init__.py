"""Pages that anybody may read: search, cards, calendar, networks, groups, resources, proofs, status."""
