"""How are the files of a schematic city made from its tables of places?

`python -m jialing.city.draw FOLDER` rewrites the models in a folder from the tables beside them.
"""
