"""What people ask of a node: who does what where, what happens when, and which networks say so. Reads only."""
