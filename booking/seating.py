"""Where a seat is: arithmetic on seat numbers, which count from 1, row after row."""


def row_and_place(seat_number, seats_per_row):
    """Row (from 0, the front) and place in it (from 0, the left)."""
    return divmod(seat_number - 1, seats_per_row)


def seat_label(seat_number, seats_per_row):
    """What is painted on the seat: `B2` is seat 14 of rows of 12. After row Z comes row AA."""
    row, place = row_and_place(seat_number, seats_per_row)
    letters = ""
    row += 1
    while row:
        row, letter = divmod(row - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{place + 1}"


def nearest_seats(free, seat_number, seats_per_row, most=5):
    """Up to `most` of the free seats, those nearest to a seat first.

    A row is about twice as deep as a seat is wide, so one row away counts as two places.
    """
    row, place = row_and_place(seat_number, seats_per_row)

    def distance(other):
        other_row, other_place = row_and_place(other, seats_per_row)
        return (2 * (other_row - row)) ** 2 + (other_place - place) ** 2, other

    return sorted(free, key=distance)[:most]
