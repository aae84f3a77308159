from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.utils.functional import cached_property

MAX_LISTED = 10_000  # rows


class BoundedPaginator(Paginator):
    """The first MAX_LISTED rows of a query, by their ids.

    One query reads the ids, without the joins and subqueries of the rows, and counts no further;
    another one reads the rows of the page. A count of a million rows takes longer than a page, and
    so does a page at the end of them.
    """

    @cached_property
    def ids(self):
        return list(self.object_list.values_list("pk", flat=True)[:MAX_LISTED])

    @property
    def count(self):
        return len(self.ids)

    def page(self, number):
        number = self.validate_number(number)
        begin = (number - 1) * self.per_page
        rows = self.object_list.filter(pk__in=self.ids[begin : begin + self.per_page])
        return self._get_page(rows, number, self)


class BoundedChangeList(ChangeList):
    """A list with a BoundedPaginator, whose only page is read by ids as well."""

    def get_results(self, request):
        super().get_results(request)
        self.is_cut = self.result_count == MAX_LISTED
        if not self.multi_page or (self.show_all and self.can_show_all):
            self.result_list = self.queryset.filter(pk__in=self.paginator.ids)
