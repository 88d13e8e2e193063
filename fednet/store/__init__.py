"""What a node keeps: one SQLite database, one schema for its own and for followed networks. The only room with SQL."""
