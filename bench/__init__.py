"""Measurements of Zhida, against OpenFisca-core and against bare reading and writing (docs/bench.md)."""
