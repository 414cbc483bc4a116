"""RegimeBench: how good a regime classifier is on generated markets whose truth is known, and how it is trained.

Reads   `regime`, `numeric`, `model`. Training needs the extra `research`; everything else runs on the base install.
Holds   labelled features, scores, the report of all contenders, their page, and the training of the shipped files.
Promise training sees training seeds only; every contender is causal but the ceiling, which is there to expose leaks.
"""
