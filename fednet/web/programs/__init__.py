"""Addresses for programs and other nodes: feeds, receipts, witness; JSON, files, calendars, HSDS; OpenAPI."""
