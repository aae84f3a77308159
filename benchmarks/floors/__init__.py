"""The floors: what is left when everything is taken away that a system needs. They show what a
request costs at least on this machine, with this server and this database.

Without middleware, throttles, checks and most of the answer, they are not to be reached, but to be
seen from not too far."""
