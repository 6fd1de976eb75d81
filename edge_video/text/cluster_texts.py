"""Holds the texts of the command `cluster`: its help, and what it prints, in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

CLUSTER_HELP_TEXTS: Final[dict[str, Text]] = {
    "cluster.help": Text(
        "which node captures which camera; drain this one for an update",
        "qual nó captura qual câmera; esvazia este para uma atualização",
    ),
    "cluster.about": Text(
        "Asks the system at an HTTP address about the nodes that share its cameras, or has it give"
        " all of its own away and take none (drain) until it takes part again (rejoin). drain"
        " returns when the other nodes have them; both need http.token. Exit code 1 when nobody"
        " answers, when it shares no cameras, or when drain did not come to its end.",
        "Pergunta ao sistema em um endereço HTTP sobre os nós que compartilham suas câmeras, ou faz"
        " com que ele entregue todas as suas e não assuma nenhuma (`drain`) até voltar a participar"
        " (`rejoin`). `drain` termina quando os outros nós as têm; os dois precisam de http.token."
        " Código de saída 1 quando ninguém responde, quando ele não compartilha câmeras ou quando"
        " a entrega não chegou ao fim.",
    ),
    "cluster.action": Text(
        "status: who captures what; drain: give everything away; rejoin: take part again",
        "status: quem captura o quê; drain: entregar tudo; rejoin: voltar a participar",
    ),
    "cluster.json": Text("with status: as JSON", "com status: em JSON"),
    "cluster.timeout": Text(
        "with drain: how long to wait for its end; default: 30s",
        "com drain: quanto tempo esperar pelo fim; padrão: 30s",
    ),
    "cluster.example.status": Text(
        "which node captures which camera", "qual nó captura qual câmera"
    ),
    "cluster.example.drain": Text(
        "give everything away before an update",
        "entregar tudo antes de uma atualização",
    ),
    "cluster.example.rejoin": Text("take part again after it", "voltar a participar depois dela"),
}

CLUSTER_TEXTS: Final[dict[str, Text]] = {
    "cluster.none": Text(
        "this system shares no cameras: there is no cluster in its configuration",
        "este sistema não compartilha câmeras: não há cluster na configuração dele",
    ),
    "cluster.own": Text(
        "Node {node}, group {group}; cameras captured here: {cameras}",
        "Nó {node}, grupo {group}; câmeras capturadas aqui: {cameras}",
    ),
    "cluster.leaving": Text(
        "It gives everything away and takes nothing.", "Entrega tudo e não assume nada."
    ),
    "cluster.down": Text(
        "No control connection for {lasting}: {reason}",
        "Sem conexão de controle há {lasting}: {reason}",
    ),
    "cluster.namesakes": Text(
        "Other programs with this node's name: {count}",
        "Outros programas com o nome deste nó: {count}",
    ),
    "cluster.differing": Text(
        "Defined otherwise elsewhere: {cameras}", "Definidas de outro modo em outros nós: {cameras}"
    ),
    "cluster.node": Text("node", "nó"),
    "cluster.capacity": Text("capacity", "capacidade"),
    "cluster.cameras": Text("cameras", "câmeras"),
    "cluster.camera": Text("camera", "câmera"),
    "cluster.state": Text("here", "aqui"),
    "cluster.epoch": Text("epoch", "época"),
    "cluster.is_leaving": Text("leaving", "saindo"),
    "cluster.nobody": Text("nobody", "ninguém"),
    "cluster.drained": Text(
        "Drained: the other nodes have the cameras.",
        "Esvaziado: os outros nós têm as câmeras.",
    ),
    "cluster.drained_to_nobody": Text(
        "Drained, but no other node is known to capture {cameras}.",
        "Esvaziado, mas não se sabe de outro nó que tenha {cameras}.",
    ),
    "cluster.draining": Text(
        "Not drained within {seconds} s: {cameras} cameras are still captured here.",
        "Não esvaziado em {seconds} s: {cameras} câmeras ainda são capturadas aqui.",
    ),
    "cluster.rejoined": Text("It takes part again.", "Voltou a participar."),
}
