"""A managed asset pack for Apple's Background Assets: a Core ML flavour and the manifest."""
