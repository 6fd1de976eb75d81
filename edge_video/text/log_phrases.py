"""Holds the phrases of log lines that are no events: what is rare, or a bug. See `phrases`."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

LOG_PHRASES: Final[tuple[Text, ...]] = (
    Text("exchange '{exchange}' is accepted again", "o exchange '{exchange}' voltou a ser aceito"),
    Text("{route} is accepted again", "{route} voltou a ser aceito"),
    Text(
        "exchange '{exchange}' is looked for again, the broker closed its channel: {text}",
        "o exchange '{exchange}' é procurado de novo, o broker fechou o canal dele: {text}",
    ),
    Text(
        "exchange '{exchange}' is declared again, the broker closed its channel: {text}",
        "o exchange '{exchange}' é declarado de novo, o broker fechou o canal dele: {text}",
    ),
    Text(
        "exchange '{exchange}' exists and is used as it is: {difference}; {hint}",
        "o exchange '{exchange}' existe e é usado como está: {difference}; {hint}",
    ),
    Text(
        "exchange '{exchange}' exists and is used as it is: {difference}",
        "o exchange '{exchange}' existe e é usado como está: {difference}",
    ),
    Text(
        "its bindings match the headers of the messages (camera_id and the like)",
        "seus bindings comparam os headers das mensagens (camera_id e outros)",
    ),
    Text(
        "every queue that is bound to it gets the frames of every camera",
        "toda fila ligada a ele recebe os frames de todas as câmeras",
    ),
    Text(
        "each frame goes to any one of the queues that are bound to it",
        "cada frame vai para uma das filas ligadas a ele",
    ),
    Text(
        "this program stood still for {seconds} s; the broker gets its time",
        "este programa ficou parado por {seconds} s; o broker ganha esse tempo",
    ),
    Text(
        "[{camera_id}] no route is configured; its frames are dropped",
        "[{camera_id}] nenhuma rota configurada; seus frames são descartados",
    ),
    Text(
        "the broker cannot be made to refuse frames: {reason}",
        "não é possível fazer o broker recusar frames: {reason}",
    ),
    Text("the connection to {target} failed inside", "a conexão com {target} falhou por dentro"),
    Text("writing to {target} failed inside", "a gravação em {target} falhou por dentro"),
    Text("the loss of {target} could not be told", "a perda de {target} não pôde ser informada"),
    Text("the end of {target} could not be told", "o fim de {target} não pôde ser informado"),
    Text(
        "nobody could be told that frames wait: {error}",
        "ninguém pôde ser avisado de que há frames à espera: {error}",
    ),
    Text("the reader of {camera_id} does not answer", "o leitor de {camera_id} não responde"),
    Text("the reader of {camera_id} failed", "o leitor de {camera_id} falhou"),
    Text(
        "FFmpeg {pid} of {camera_id} cannot be killed",
        "o FFmpeg {pid} de {camera_id} não pode ser encerrado",
    ),
    Text(
        "FFmpeg {pid} of {camera_id} has ended after all",
        "o FFmpeg {pid} de {camera_id} afinal terminou",
    ),
    Text(
        "[{camera_id}] the camera's actor could not be started",
        "[{camera_id}] o ator da câmera não pôde ser iniciado",
    ),
    Text(
        "the failure of {camera_id} could not be explained",
        "a falha de {camera_id} não pôde ser explicada",
    ),
    Text(
        "{actor} does not understand a message: {message}",
        "{actor} não entende uma mensagem: {message}",
    ),
    Text("{actor} died outside its message loop", "{actor} falhou fora do laço de mensagens"),
    Text("{actor} could not release everything", "{actor} não conseguiu liberar tudo"),
    Text("{actor} could not be started", "{actor} não pôde ser iniciado"),
    Text(
        "the shutdown goes on without a step: {step}", "o encerramento segue sem uma etapa: {step}"
    ),
    Text("the reporter did not finish its report", "o relatório não pôde ser concluído"),
    Text("the reactor failed", "o reactor falhou"),
    Text("a part of the reactor failed", "uma parte do reactor falhou"),
    Text("a failure could not be told", "uma falha não pôde ser informada"),
    Text("a timer call failed", "uma chamada do timer falhou"),
    Text(
        "a request could not be answered: {path}", "uma requisição não pôde ser respondida: {path}"
    ),
    Text("an update of the page could not be made", "uma atualização da página não pôde ser feita"),
)
