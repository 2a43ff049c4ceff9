"""iNaturalist's vision camera plugin, the one that iNaturalist and Seek share.

=====================  =====================================================================
module                 holds
=====================  =====================================================================
``facts``              every constant of the plugin and of both apps
``contents``           which file of a directory is what, found by content
``env_fragment``       the file names and the model version that an app is given
``taxonomy_rows``      both taxonomy files as the same rows
``core_ml_facts``      what a Core ML file states, source or compiled
``answers``            both platforms' models run on the same pictures and places
``rule``               what a rule and a finding are; ``rules`` holds them by subject
``lint``               all rules over one directory; ``sarif`` writes the result for code scanning
=====================  =====================================================================

The plugin checks nothing when it loads: no name, shape, type or count. What is wrong shows as an empty
list, as "Android version is too old", or as answers that nobody questions; so it is looked for here.
"""
