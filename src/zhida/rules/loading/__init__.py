"""Reading a pack from disk: :func:`load_pack` gives the records of :mod:`zhida.rules.declarations`."""

from zhida.rules.loading.find import bundled_packs, find_pack
from zhida.rules.loading.pack import load_pack

__all__ = ["bundled_packs", "find_pack", "load_pack"]
