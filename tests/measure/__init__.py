"""Measurements on real data beside the project (`../shared/data`), each a module that prints its figures."""
