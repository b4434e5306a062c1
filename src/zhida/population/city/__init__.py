"""A synthetic city: persons by published margins, households, money, registers and awards."""

from zhida.population.city.build import Built, build
from zhida.population.city.figures import CityError

__all__ = ["Built", "CityError", "build"]
