"""send: from waiting rows in the ledger to requests, and from answers back to the ledger."""

from bulkcall.send.plan import ChannelPlan, Plan, plan
from bulkcall.send.sender import send

__all__ = ["ChannelPlan", "Plan", "plan", "send"]
