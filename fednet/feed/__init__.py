"""How a network signs what it lists, and how a follower verifies it. Pure: bytes in, values or `FednetError` out."""
