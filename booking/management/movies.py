"""Movies that `manage.py demo` loads: real titles, running times and release dates."""

from datetime import date

G, PG, PG_13, R, NOT_RATED = "G", "PG", "PG-13", "R", "Not rated"

# title, running time in minutes, genre, language, certificate (MPA), first release
DEMO_MOVIES = [
    ("Metropolis", 153, "Science fiction", "German", NOT_RATED, date(1927, 1, 10)),
    ("City Lights", 87, "Comedy", "English", G, date(1931, 1, 30)),
    ("Casablanca", 102, "Drama", "English", PG, date(1942, 11, 26)),
    ("Bicycle Thieves", 89, "Drama", "Italian", NOT_RATED, date(1948, 11, 24)),
    ("Seven Samurai", 207, "Adventure", "Japanese", NOT_RATED, date(1954, 4, 26)),
    ("Rear Window", 112, "Thriller", "English", PG, date(1954, 9, 1)),
    ("Psycho", 109, "Horror", "English", R, date(1960, 6, 16)),
    ("2001: A Space Odyssey", 149, "Science fiction", "English", G, date(1968, 4, 2)),
    ("The Godfather", 175, "Crime", "English", R, date(1972, 3, 24)),
    ("Jaws", 124, "Thriller", "English", PG, date(1975, 6, 20)),
    ("Star Wars", 121, "Science fiction", "English", PG, date(1977, 5, 25)),
    ("Alien", 117, "Horror", "English", R, date(1979, 5, 25)),
    ("Raiders of the Lost Ark", 115, "Adventure", "English", PG, date(1981, 6, 12)),
    ("Das Boot", 149, "Drama", "German", R, date(1981, 9, 17)),
    ("Back to the Future", 116, "Science fiction", "English", PG, date(1985, 7, 3)),
    ("My Neighbor Totoro", 86, "Animation", "Japanese", G, date(1988, 4, 16)),
    ("Pulp Fiction", 154, "Crime", "English", R, date(1994, 10, 14)),
    ("Toy Story", 81, "Animation", "English", G, date(1995, 11, 22)),
    ("The Matrix", 136, "Science fiction", "English", R, date(1999, 3, 31)),
    ("Amélie", 122, "Comedy", "French", R, date(2001, 4, 25)),
    ("Spirited Away", 125, "Animation", "Japanese", PG, date(2001, 7, 20)),
    ("City of God", 130, "Crime", "Portuguese", R, date(2002, 8, 30)),
    ("Inception", 148, "Science fiction", "English", PG_13, date(2010, 7, 16)),
    ("Parasite", 132, "Thriller", "Korean", R, date(2019, 5, 30)),
]
