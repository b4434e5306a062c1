"""The synthetic city as departments would send it: one file for each source and county."""

from zhida.population.city.files.build import BuiltFiles, build_files

__all__ = ["BuiltFiles", "build_files"]
