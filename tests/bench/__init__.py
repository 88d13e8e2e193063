"""Measurements, as ratios within one run. `make bench` (or `python -m tests.bench --records 100000 --write`)."""
