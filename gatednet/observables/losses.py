"""Losses: at saves, at every step, and folded over blocks (paper, sections 2 and 4, Figures 2 and 8)."""

from gatednet.observables.folds import first_below, first_steps, mean, steepest
from gatednet.observables.observable import Observable

# Level of the criterion, and number of steps after a switch, as in the paper's Figures 2 and 8.
CRITERION = 0.1
STEPS_AFTER_SWITCH = 5

OBSERVABLES = (
    Observable(
        "loss", "task loss expected over inputs, without penalties", lambda snapshot: snapshot.loss, written_out=True
    ),
    Observable(
        "batch_loss", "task loss on the batch of the next step, without penalties", lambda snapshot: snapshot.batch_loss
    ),
    Observable("loss_every_step", "task loss on the batch of each step", lambda moment: moment.loss, when="steps"),
    Observable(
        "block_loss",
        "task loss on the batch, mean over the steps of a block",
        lambda moment: moment.loss,
        when="blocks",
        fold=mean(),
    ),
    Observable(
        "time_to_criterion",
        f"time from a switch until the task loss on the batch is below {CRITERION}; the block's length where never; "
        "NaN where a run ended before that was known",
        lambda moment: moment.loss,
        units="time constant of the weights",
        when="blocks",
        fold=first_below(CRITERION),
    ),
    Observable(
        "adaptation_speed",
        "largest change of the task loss on the batch from one step of a block to the next, over the length of a step",
        lambda moment: moment.loss,
        units="1/time",
        when="blocks",
        fold=steepest(),
    ),
    Observable(
        "loss_after_switch",
        "task loss on the batch at the first steps of a block",
        lambda moment: moment.loss,
        dims=("after_switch",),
        when="blocks",
        fold=first_steps(STEPS_AFTER_SWITCH),
    ),
)
