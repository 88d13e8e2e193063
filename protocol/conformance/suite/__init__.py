"""The conformance suite of the fednet protocol: networks, honest and not, and what a follower must make of them.

Written from SPEC.md alone, with the standard library and `cryptography`; it imports no implementation.
"""
