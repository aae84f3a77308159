import logging

logging.getLogger("booking").setLevel(logging.WARNING)  # not a line for each seat that is sold
