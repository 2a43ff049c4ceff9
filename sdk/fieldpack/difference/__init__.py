"""What changed between two versions of a bundle, named by rules, and how far that moves the version."""

from fieldpack.difference.bundles import BundleDifference, Side, compare_bundles
from fieldpack.difference.change import RULES, Change
from fieldpack.difference.version_step import Step

__all__ = ["RULES", "BundleDifference", "Change", "Side", "Step", "compare_bundles"]
