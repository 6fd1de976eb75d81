"""Holds the phrases of what commands and the API are answered with, when they are refused.

See `edge_video.text.phrases`.
"""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_COMMANDS: Final = (
    Text(
        "the system is stopping",
        "o sistema está encerrando",
    ),
    Text(
        "it failed inside; the node's log says how",
        "falhou internamente; o log do nó diz como",
    ),
    Text(
        "the answer has {size}: ask for one camera",
        "a resposta tem {size}: peça uma só câmera",
    ),
    Text(
        "{size} bytes, more than {limit}",
        "{size} bytes, mais de {limit}",
    ),
    Text(
        "the sender ({who}) may not {command} this camera",
        "o remetente ({who}) não pode executar {command} nesta câmera",
    ),
    Text(
        "the sender ({who}) may not {command}",
        "o remetente ({who}) não pode executar {command}",
    ),
    Text(
        "the message has neither user_id nor token: nobody sent it",
        "a mensagem não tem user_id nem token: ninguém a enviou",
    ),
    Text(
        "it is addressed to another node",
        "é endereçada a outro nó",
    ),
    Text(
        "the token names a key that this node does not have",
        "o token indica uma chave que este nó não tem",
    ),
    Text(
        "what is signed is another message: {name} differs",
        "o que foi assinado é outra mensagem: {name} difere",
    ),
    Text(
        "it was carried out already; its answer was too large to be kept",
        "já foi executado; a resposta era grande demais para ser guardada",
    ),
    Text(
        "it was sent before this node started, which may have carried it out already: look"
        " at the status, and ask anew",
        "foi enviado antes do início deste nó, que já pode tê-lo executado: veja o status e"
        " peça de novo",
    ),
    Text(
        "this message_id was that of another request",
        "este message_id era de outra requisição",
    ),
    Text(
        "more was asked for lately than can be remembered",
        "foi pedido mais, ultimamente, do que se pode lembrar",
    ),
    Text(
        "there is no command {name}; known: {known}",
        "não existe o comando {name}; conhecidos: {known}",
    ),
    Text(
        "every node at once may be asked for {command} only",
        "a todos os nós de uma vez só se pode pedir {command}",
    ),
    Text(
        "message_id must have 1 to {most} characters",
        "message_id deve ter de 1 a {most} caracteres",
    ),
    Text(
        "the body has more than {limit} KiB",
        "o corpo tem mais de {limit} KiB",
    ),
    Text(
        "{command} needs the argument {name}",
        "{command} precisa do argumento {name}",
    ),
    Text(
        "the body is no JSON object",
        "o corpo não é um objeto JSON",
    ),
    Text(
        "{command} has no argument {name}; known: {known}",
        "{command} não tem o argumento {name}; conhecidos: {known}",
    ),
    Text(
        "{name} is not of the right type",
        "{name} não é do tipo certo",
    ),
    Text(
        "the sender's clock is about {seconds} s behind this node's: set both right",
        "o relógio do remetente está cerca de {seconds} s atrasado em relação ao deste nó:"
        " acerte os dois",
    ),
    Text(
        "the sender's clock is about {seconds} s ahead of this node's: set both right",
        "o relógio do remetente está cerca de {seconds} s adiantado em relação ao deste nó:"
        " acerte os dois",
    ),
    Text(
        "the headers sent_at_ms and expires_at_ms must be whole numbers",
        "os headers sent_at_ms e expires_at_ms devem ser números inteiros",
    ),
    Text(
        "a request expires within {limit} s after it was sent",
        "uma requisição expira até {limit} s depois de enviada",
    ),
    Text(
        "it has expired {seconds} s ago",
        "expirou há {seconds} s",
    ),
    Text(
        "expiration must be a number of milliseconds",
        '"expiration" deve ser um número de milissegundos',
    ),
    Text(
        "the token is no JSON Web Token",
        "o token não é um JSON Web Token",
    ),
    Text(
        "the token must be signed with {algorithm}, and have no crit",
        'o token deve ser assinado com {algorithm} e não ter "crit"',
    ),
    Text(
        "the token has no kid, the name of its key",
        'o token não tem "kid", o nome da chave dele',
    ),
    Text(
        "the token is not signed with the key that it names",
        "o token não está assinado com a chave que indica",
    ),
    Text(
        "the token must have {needed}",
        "o token deve ter {needed}",
    ),
    Text(
        "aud, cmd, jti, bh (texts), iat and exp (numbers)",
        '"aud", "cmd", "jti", "bh" (textos), "iat" e "exp" (números)',
    ),
    Text(
        "wait_s is a number of seconds, at most {most}",
        "wait_s é um número de segundos, no máximo {most}",
    ),
    Text(
        "no picture came within {seconds} s: {phase}",
        "nenhuma imagem chegou em {seconds} s: {phase}",
    ),
    Text(
        "no node has the camera now",
        "nenhum nó tem a câmera agora",
    ),
    Text(
        "node {owner} has the camera: ask it",
        "o nó {owner} tem a câmera: peça a ele",
    ),
    Text(
        "the supervisor did not answer in time; the command may still be carried out",
        "o supervisor não respondeu a tempo; o comando ainda pode ser executado",
    ),
    Text(
        "there is no camera {camera_id}",
        "a câmera {camera_id} não existe",
    ),
    Text(
        "{camera_id} is configured already",
        "{camera_id} já está na configuração",
    ),
    Text(
        "there is no profile {name}; known: {known}",
        "o perfil {name} não existe; conhecidos: {known}",
    ),
    Text(
        "the broker takes no messages: its memory or disk is short",
        "o broker não aceita mensagens: falta memória ou disco a ele",
    ),
)

_HTTP: Final = (
    Text(
        "too many connections at once",
        "conexões demais ao mesmo tempo",
    ),
    Text(
        "wait is a whole number of seconds, at most {most}",
        '"wait" é um número inteiro de segundos, no máximo {most}',
    ),
    Text(
        'the body is like {{"name": "closed"}}, or {{"name": null}} for none',
        'o corpo é como {{"name": "closed"}}, ou {{"name": null}} para nenhum',
    ),
    Text(
        "too many actions at once",
        "ações demais ao mesmo tempo",
    ),
    Text(
        "after is the number of a frame",
        '"after" é o número de um frame',
    ),
    Text(
        "live is 0 or 1",
        '"live" é 0 ou 1',
    ),
    Text(
        "the body must be a JSON object, of 64 KiB at most",
        "o corpo deve ser um objeto JSON, de no máximo 64 KiB",
    ),
    Text(
        "another camera is being probed",
        "outra câmera está sendo testada",
    ),
    Text(
        "the machine has no room for another probe",
        "a máquina não comporta mais um teste",
    ),
    Text(
        "there is no FFmpeg",
        "não há FFmpeg",
    ),
    Text(
        "not valid",
        "inválido",
    ),
    Text(
        "actions are off: no http.token is configured",
        "ações desligadas: http.token não está na configuração",
    ),
    Text(
        "another site's page may not ask for this",
        "a página de outro site não pode pedir isto",
    ),
    Text(
        "it took too long",
        "demorou demais",
    ),
    Text(
        "this is a bug of edge-video; its log has more",
        "isto é um erro do edge-video; o log dele tem mais",
    ),
    Text(
        "the token is missing: Authorization: Bearer TOKEN",
        'falta o token: "Authorization: Bearer TOKEN"',
    ),
    Text(
        "too many wrong tokens",
        "tokens incorretos demais",
    ),
    Text(
        "this is not the token",
        "este não é o token",
    ),
    Text(
        "there are host, username, password, width and fps, and nothing else",
        "existem host, username, password, width e fps, e nada mais",
    ),
    Text(
        "a password needs a username",
        "uma senha precisa de um usuário",
    ),
    Text(
        "{name} is a text of at most {most} characters",
        "{name} é um texto de no máximo {most} caracteres",
    ),
    Text(
        "{name} is a whole number from 1 to {most}",
        "{name} é um número inteiro de 1 a {most}",
    ),
    Text(
        "another camera is being asked",
        "outra câmera está sendo consultada",
    ),
    Text(
        "it cannot be asked now",
        "não pode ser consultada agora",
    ),
    Text(
        "host is HOST or HOST:PORT, as 10.0.0.5 or 10.0.0.5:8000",
        "host é HOST ou HOST:PORTA, como 10.0.0.5 ou 10.0.0.5:8000",
    ),
    Text(
        "too many viewers",
        "espectadores demais",
    ),
    Text(
        "dry_run is 0 or 1",
        "dry_run é 0 ou 1",
    ),
    Text(
        "too many changes at once",
        "alterações demais ao mesmo tempo",
    ),
    Text(
        'the body must be {{"token": "..."}}',
        'o corpo deve ser {{"token": "..."}}',
    ),
    Text(
        "there is no such node",
        "esse nó não existe",
    ),
    Text(
        "the supervisor did not answer in time; the action may still be carried out",
        "o supervisor não respondeu a tempo; a ação ainda pode ser executada",
    ),
    Text(
        "the supervisor did not answer in time; the change may still be carried out",
        "o supervisor não respondeu a tempo; a alteração ainda pode ser feita",
    ),
    Text("too many pictures at once", "imagens demais ao mesmo tempo"),
    Text("too many requests at once", "requisições demais ao mesmo tempo"),
    Text(
        "the package httpx is not installed: pip install 'edge-video[onvif]'",
        "o pacote httpx não está instalado: pip install 'edge-video[onvif]'",
    ),
    Text("it cannot be written", "não pode ser gravado"),
)

COMMAND_PHRASES: Final[tuple[Text, ...]] = (*_COMMANDS, *_HTTP)
