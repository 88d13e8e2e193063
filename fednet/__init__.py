"""A federated directory: networks sign what they list, nodes follow each other."""
