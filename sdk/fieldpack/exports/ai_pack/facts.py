"""What Play asks of AI packs: names, sizes, versions and the form of the device targeting.

Source: Android Developers, "Play for On-device AI": AI packs, device targeting configuration, size limits;
read in November 2026.
"""

from __future__ import annotations

DELIVERIES = ("install-time", "fast-follow", "on-demand")
PACK_NAME = r"[A-Za-z][A-Za-z0-9_]{0,62}"
GROUP_NAME = r"[a-z][a-z0-9_]{0,62}"
OTHER = "other"
"""The group of all devices that no group takes; Play makes it itself."""
MOST_SELECTORS = 5
"""Of one group."""
LARGEST_PACK_BYTES = 1_500_000_000
"""After compression, what one device downloads."""
NAMESPACE = "http://schemas.android.com/apk/config"
PACK_PLUGIN = "8.8"
"""Oldest Android Gradle plugin with AI packs."""
TARGETING_PLUGIN = "8.10"
"""Oldest with the device targeting configuration."""
DELIVERY_LIBRARY = "com.google.android.play:ai-delivery:0.1.1-alpha01"
BUNDLETOOL = "1.18.0"
