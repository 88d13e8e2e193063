"""Forms of entries, for members, the secretariat and applicants: their fields, drawn, read back, compared."""
