from django.db import models
from django.db.models.base import ModelState


class QuickModel(models.Model):
    """A model whose rows become instances in 1 µs instead of 6: what the database says is taken as
    it is, without the defaults, the checks and the signals that a new instance passes."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values):
        instance = cls.__new__(cls)
        instance._state = state = ModelState()
        state.adding, state.db = False, db
        vars(instance).update(zip(field_names, values, strict=True))
        return instance
