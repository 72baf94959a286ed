"""Figure 7: a gated head on a convolutional network switches between digits and digits sorted by parity.

Figure A15: the same head on pieces of clothing, sorted by where they are worn and by how warm they are.

Control 3: Figures 7 and A15 on small digits that come with scikit-learn, so that they can be made anywhere.
"""

from __future__ import annotations

from gatednet.figures.toolkit.claim import Range
from gatednet.figures.toolkit.images import PROTOTYPE_GATES, READING, Pair, Switching

SEEDS_DIFFER = f"{READING}, and some seeds differ by .03"
# Levels of the small digits follow from the permutations, not from a prototype.
HEAD = Range(0.96, None, "the network itself reaches .986, and its head sees no more than its features")
BETWEEN = Range(0.88, 0.98, "between the dip and the flexible network, as on other images: not as high")

FIGURES = {
    "fig7": Switching(
        SWEEPS=("fig7",),
        PANELS="ABCD",
        title="Figure 7. Switching between tasks on images",
        about="A gated head learns from 64 features of MNIST's handwritten digits, the last hidden layer of a small "
        "convolutional network that was trained on the plain labels once and is then left as it is.",
        source="Figure 7, by the prototype",
        pairs=(
            Pair(
                task="parity",
                title="digits, and sorted by parity",
                words="the digit, and the digit with even ones before odd ones",
                flexible_end=Range(0.98, 0.99, f".986 there, {READING}"),
                forgetful_dip=Range(0.22, 0.28, f".25 there, {SEEDS_DIFFER}"),
                forgetful_end=Range(0.96, 0.98, f".97 there, {READING}"),
                gates_end=PROTOTYPE_GATES,
                known={"and climbs": "fails"},
            ),
        ),
    ),
    "figa15": Switching(
        SWEEPS=("figa15",),
        PANELS="ABCDEFGH",
        title="Figure A15. Switching between tasks on pieces of clothing",
        about="As Figure 7, with the pieces of clothing of Fashion-MNIST.",
        source="Figure A15, by the prototype",
        pairs=(
            Pair(
                task="upper_lower",
                title="clothes, upper before lower",
                words="the piece, and the piece with those for the upper body before others",
                flexible_end=Range(0.89, 0.91, f".90 there, {READING}"),
                forgetful_dip=Range(0.25, 0.31, f".28 there, {SEEDS_DIFFER}"),
                forgetful_end=Range(0.84, 0.86, f".85 there, {READING}"),
                gates_end=PROTOTYPE_GATES,
                known={"and climbs": "fails"},
                named="upper and lower",
            ),
            Pair(
                task="warm_cool",
                title="clothes, warm before cool",
                words="the piece, and the piece with warm ones before cool ones",
                flexible_end=Range(0.89, 0.91, f".90 there, {READING}"),
                forgetful_dip=Range(0.48, 0.54, f".51 there, {SEEDS_DIFFER}"),
                forgetful_end=Range(0.87, 0.89, f".88 there, {READING}"),
                gates_end=PROTOTYPE_GATES,
                known={"at block ends the flexible gate": "fails", "and that of the other": "fails"},
                named="warm and cool",
            ),
        ),
    ),
    "control3": Switching(
        SWEEPS=("control3",),
        PANELS="ABCDEFGH",
        title="Control 3. Switching between tasks on small digits",
        about="As Figures 7 and A15, with the 1 797 digits of 8×8 pixels of scikit-learn, 500 of them to test with.",
        source="text on Figures 7 and A15, with other images",
        pairs=(
            Pair(
                task="parity",
                title="digits, and sorted by parity",
                words="the digit, and the digit with even ones before odd ones",
                flexible_end=HEAD,
                forgetful_dip=Range(
                    0.2, 0.3, "two digits in ten keep their names, and a hundred steps mend .1 at most"
                ),
                forgetful_end=BETWEEN,
                named="parity",
            ),
            Pair(
                task="warm_cool",
                title="digits, and as warm and cool",
                words="the digit, and the digit permuted as Figure A15 permutes pieces of clothing, warm and cool",
                flexible_end=HEAD,
                forgetful_dip=Range(
                    0.45, 0.6, "five digits in ten keep their names, and a hundred steps mend .1 at most"
                ),
                forgetful_end=BETWEEN,
                named="warm and cool",
            ),
        ),
    ),
}
