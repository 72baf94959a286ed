"""The flexible and the forgetful regime under the user's hands: a page that runs beside the figures.

    settings.py   what can be set, with the meaning of each
    view.py       what a page shows, and its address
    source.py     where it comes from: `Live` runs, or a `Stored` sweep
    diagram.py    a phase diagram, coarse and then fine
    curves.py     one cell over time
    limits.py     what a page may ask for
    scale.py      colours as numbers
    verdict.py    flexible, forgetful, in between, or diverged
    latest.py     work of which only the latest matters
    turns.py      who computes, of all pages
    recent.py     results that are needed again soon
    news.py       changes that are sent to a browser, in one message
    words.py      texts
    look.py       colours and lines, in either theme
    phase_plot.py, run_plots.py
                  diagram and curves as plots of Bokeh
    cells.py      the chosen cell, and the pinned one beside it
    export.py     a view as a script, a sweep file, a picture
    tour.py       views in a row, with what to look at
    widgets.py    menus, fields, sliders and buttons that look alike
    fields.py     the panel of all settings
    menus.py      experiment, axes, ranges, colour, boundary and seeds
    drawn.py      what is drawn, and what it is of
    work.py       what is computed, aside
    page.py       the page of one visitor
    messages.py   messages of a page to its server
    patches.py    messages of a server to its pages
    admission.py  who is answered
    connections.py
                  who is not kept waiting by strangers
    handlers.py   the page, its socket, its files, and refusals
    server.py     pages for all visitors

Nothing here knows physics: it asks `gatednet` and `sweeps`, and shares with `figures` how data are prepared.
"""
