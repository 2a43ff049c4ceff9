"""Maps of where a taxon is expected, on H3 cells: scored, compared, and written for a geographic system.

``grid.py`` has the cells and their outlines, ``scored.py`` what flavours answer at their centres,
``geojson.py`` and ``geoparquet.py`` the files, ``picture.py`` the picture. All need the ``geo`` extra.
"""
