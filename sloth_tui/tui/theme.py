"""The program's own colours: calm grounds, one accent, warnings that stand out."""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="sloth-night",
    primary="#63b8a4",
    secondary="#86a8d8",
    accent="#e3b878",
    warning="#e3b34c",
    error="#e87e76",
    success="#8fc274",
    foreground="#d9e1e2",
    background="#0f1416",
    surface="#141b1e",
    panel="#1d272b",
    boost="#223036",
    dark=True,
    variables={
        "edge": "#34444a",
        "quiet": "#86979d",
        "border": "#63b8a4",
        "border-blurred": "#34444a",
        "footer-background": "#141b1e",
        "footer-key-foreground": "#63b8a4",
        "footer-description-foreground": "#9fb0b5",
        "block-cursor-background": "#2c5a52",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#22302f",
        "block-cursor-blurred-foreground": "#d9e1e2",
        "input-selection-background": "#63b8a4 35%",
    },
)

DAY = Theme(
    name="sloth-day",
    primary="#1b7a68",
    secondary="#2f5fa5",
    accent="#95610b",
    warning="#8f5f00",
    error="#b3261e",
    success="#3c7a1f",
    foreground="#1d2729",
    background="#f7f8f6",
    surface="#f0f2ef",
    panel="#e3e8e4",
    boost="#d9e0db",
    dark=False,
    variables={
        "edge": "#b5c2bd",
        "quiet": "#586a6c",
        "border": "#1b7a68",
        "border-blurred": "#b5c2bd",
        "footer-background": "#e3e8e4",
        "footer-key-foreground": "#1b7a68",
        "footer-description-foreground": "#405052",
        "block-cursor-background": "#bfe0d7",
        "block-cursor-foreground": "#10201d",
        "block-cursor-blurred-background": "#dde7e2",
        "block-cursor-blurred-foreground": "#1d2729",
        "input-selection-background": "#1b7a68 30%",
    },
)

THEMES = (NIGHT, DAY)
