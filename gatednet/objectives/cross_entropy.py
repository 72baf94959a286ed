"""Cross-entropy: the objective of tasks that are classifications (paper, section 7)."""

from __future__ import annotations

from gatednet.objectives.base import Objective
from gatednet.objectives.softmax import SoftmaxCrossEntropy
from gatednet.objectives.task_loss import TaskLoss
from gatednet.settings import part


class CrossEntropy(Objective):
    """The same constraints on the gates, with the cross-entropy of the softmax of the outputs as task loss.

    L_task is the mean over a batch of - Σ_i y*_i log softmax(y)_i, where y* are the classes that the task asks for;
    with `reduction = "mean"` it is divided by the number of outputs, as the squared error is.
    """

    task: TaskLoss = part(SoftmaxCrossEntropy(), TaskLoss, "error at the task", optional=True)
