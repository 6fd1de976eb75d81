"""Holds the phrases of the reasons that `/health` and `/ready` give. See `phrases`."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

HEALTH_PHRASES: Final[tuple[Text, ...]] = (
    Text("the timer has not ticked for {lasted}", "o timer não dá sinal há {lasted}"),
    Text(
        "the supervisor has said nothing for {lasted}: what is shown is as old as that",
        "o supervisor não diz nada há {lasted}: o que aparece tem essa idade",
    ),
    Text("the {actor} does not run", "{actor} não está em execução"),
    Text("the publisher is connecting", "o publisher está conectando"),
    Text("the publisher is connecting: {reason}", "o publisher está conectando: {reason}"),
    Text("the publisher is blocked", "o publisher está bloqueado"),
    Text("the publisher is blocked: {reason}", "o publisher está bloqueado: {reason}"),
    Text("the publisher is waiting", "o publisher está sem conexão"),
    Text("the publisher is waiting: {reason}", "o publisher está sem conexão: {reason}"),
    Text("the publisher is stopped", "o publisher está parado"),
    Text(
        "{streaming} of {needed} cameras that must stream do; not streaming: {names}",
        "{streaming} de {needed} câmeras que devem transmitir transmitem; paradas: {names}",
    ),
    Text(
        "{streaming} of {needed} cameras that must stream do",
        "{streaming} de {needed} câmeras que devem transmitir transmitem",
    ),
    Text(
        "no frame to exchange '{exchange}' was confirmed for {lasted}",
        "nenhum frame para o exchange '{exchange}' foi confirmado há {lasted}",
    ),
    Text("no frame was confirmed for {lasted}", "nenhum frame foi confirmado há {lasted}"),
)
