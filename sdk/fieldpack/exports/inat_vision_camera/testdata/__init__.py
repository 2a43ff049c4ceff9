"""The two readers of the plugin, written again from its documented behaviour, for tests."""
