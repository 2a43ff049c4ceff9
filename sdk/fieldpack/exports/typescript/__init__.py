"""The contract's arithmetic in TypeScript, for web pages and React Native, and the page that plays with it.

``fieldpack/`` holds pure functions that know no browser, ``page/`` the page of ``--for web``, ``compiled/``
what ``tsc`` makes of both, so that an export needs no compiler. ``make typescript`` compiles anew.
"""
