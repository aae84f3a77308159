from django.db.models import Q

from ..text import search_key


class FoldedSearchMixin:
    """Search without accents and case in the fields named `…_key`. Comes before ModelAdmin."""

    def get_search_results(self, request, queryset, search_term):
        keys = [name for name in self.search_fields if name.endswith("_key")]
        others = [name for name in self.search_fields if name not in keys]
        for word in search_term.split():
            found = Q()
            for name in keys:
                found |= Q(**{f"{name}__contains": search_key(word)})
            for name in others:
                exact = name.startswith("=")
                found |= Q(**{f"{name.lstrip('=')}__{'iexact' if exact else 'icontains'}": word})
            queryset = queryset.filter(found)
        return queryset, False
