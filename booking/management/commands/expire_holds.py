from django.core.management.base import BaseCommand

from booking import box_office


class Command(BaseCommand):
    help = (
        "Notes in the table which holds have lapsed. It only tidies: a seat whose hold has lapsed "
        "is free for everybody at that moment, whether or not this command ever runs."
    )

    def handle(self, *args, **options):
        noted = box_office.expire_holds()
        if options["verbosity"]:
            self.stdout.write(f"Seats whose hold had lapsed: {noted}.")
