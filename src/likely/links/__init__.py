"""Floor 2: raw predictions → parameters and their views."""

from likely.links.base import Link
from likely.links.catalogue import LINKS, default_link, find_link, links_for

__all__ = ["LINKS", "Link", "default_link", "find_link", "links_for"]
