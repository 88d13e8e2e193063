"""What members do here, and those who want to become one: their entries, applications, links that ask."""
