"""The seat plan of a show: the hall as a picture, to look, sell, hold, move and cancel in."""

from .views import SeatPlanStateView, SeatPlanView

__all__ = ["SeatPlanStateView", "SeatPlanView"]
