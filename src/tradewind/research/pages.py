"""Pages of results: one HTML document each that needs nothing else, in one look."""

import jinja2


def environment(package: str) -> jinja2.Environment:
    """Return what makes pages of a package's templates; `common.html`, the look of all, can be included by each."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader("tradewind.research")]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
