"""The edge towards HTTP: feeds for other nodes, JSON for programs, light pages for people."""
