"""Holds the phrases of what is wrong with a URL of the configuration. See `phrases`."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_ENCODE: Final = Text(
    "write @ as %40, : as %3A, / as %2F, # as %23 and ? as %3F",
    "escreva @ como %40, : como %3A, / como %2F, # como %23 e ? como %3F",
)
_KEYS: Final = Text(
    "or put them, as they are, into the keys username and password",
    "ou coloque-os, como são, nas chaves username e password",
)


def _advised(en: str, pt_br: str) -> Text:
    """A phrase that ends in what to do with a password."""
    return Text(f"{en}: {_ENCODE.en}, {_KEYS.en}", f"{pt_br}: {_ENCODE.pt_br}, {_KEYS.pt_br}")


URL_PHRASES: Final[tuple[Text, ...]] = (
    _advised("its password has a raw @", "a senha tem um @ sem codificar"),
    _advised(
        "an @ follows a #, so the password seems to have a raw # in it",
        "há um @ depois de um #; a senha parece ter um # sem codificar",
    ),
    _advised("it cannot be told where the password ends", "não dá para saber onde a senha termina"),
    Text(
        "it contains a space, a line break or another control character; in a user name or"
        f" password {_ENCODE.en} and a space as %20, {_KEYS.en}",
        "contém um espaço, uma quebra de linha ou outro caractere de controle; em um usuário ou"
        f" senha {_ENCODE.pt_br} e um espaço como %20, {_KEYS.pt_br}",
    ),
    Text(
        "{schemes}, file: or a path, or lavfi:GRAPH",
        "{schemes}, file: ou um caminho, ou lavfi:GRAFO",
    ),
    Text(
        "nothing follows the scheme; name a file or a graph",
        "nada vem depois do esquema; informe um arquivo ou um grafo",
    ),
    Text(
        "it names no host; behind the // comes the camera's address",
        "não informa o host; depois de // vem o endereço da câmera",
    ),
    Text(
        "it must begin with one of {sources}; for a camera at this address put rtsp:// (or http://)"
        " in front",
        "deve começar com um destes: {sources}; para uma câmera neste endereço coloque rtsp:// (ou"
        " http://) na frente",
    ),
    Text("it must begin with one of {sources}", "deve começar com um destes: {sources}"),
    Text(
        "a ~ is not expanded here; write the whole path",
        "o ~ não é expandido aqui; escreva o caminho completo",
    ),
    Text(
        "it is no URL, and there is no file of this name; for a camera write rtsp://host/path, for"
        " a file that will come file:PATH or ./PATH",
        "não é uma URL, e não há arquivo com este nome; para uma câmera escreva"
        " rtsp://host/caminho, para um arquivo que ainda virá file:CAMINHO ou ./CAMINHO",
    ),
    Text("it must begin with amqp:// or amqps://", "deve começar com amqp:// ou amqps://"),
    Text(
        "it names no host; behind the // comes the broker's address",
        "não informa o host; depois de // vem o endereço do broker",
    ),
    Text(
        "parameters after ? are not supported; use the keys of amqp instead (heartbeat,"
        " confirm_timeout, tls)",
        "parâmetros depois de ? não são aceitos; use as chaves de amqp (heartbeat,"
        " confirm_timeout, tls)",
    ),
    Text("it contains a #; write # as %23", "contém um #; escreva # como %23"),
    Text(
        "only one name may follow the host; in a vhost write / as %2F",
        "só um nome pode vir depois do host; em um vhost escreva / como %2F",
    ),
    Text(
        "it must begin with http://; FFmpeg speaks to no other proxy",
        "deve começar com http://; o FFmpeg não fala com outro tipo de proxy",
    ),
    Text(
        "it names no host; write http://host:3128",
        "não informa o host; escreva http://host:3128",
    ),
    Text("it begins with a space; remove it", "começa com um espaço; remova-o"),
    Text("it ends with a space; remove it", "termina com um espaço; remova-o"),
    Text(
        "it stands in quotes within the quotes, or in typographic ones; leave them out",
        "está entre aspas dentro das aspas, ou entre aspas tipográficas; retire-as",
    ),
    Text(
        "it has wide characters where : / @ and . belong; type it anew",
        "tem caracteres largos no lugar de : / @ e .; digite de novo",
    ),
    Text(
        "it begins with a -, as an option does; for a file of that name write ./ in front",
        "começa com -, como uma opção; para um arquivo com esse nome escreva ./ na frente",
    ),
    Text(
        "its character {position} cannot be seen (U+{code}, {name}); it came in by copying: type"
        " that place anew",
        "o caractere {position} é invisível (U+{code}, {name}); veio de uma cópia: digite esse"
        " trecho de novo",
    ),
    Text(
        "it has no scheme; write {scheme}:// in front of the host",
        "não tem esquema; escreva {scheme}:// antes do host",
    ),
    Text(
        "{word} is followed by :// here; write {word}://host/…",
        "aqui, depois de {word} vem ://; escreva {word}://host/…",
    ),
    Text(
        "its host has two dots in a row, or begins with one",
        "o host tem dois pontos seguidos, ou começa com um ponto",
    ),
    Text(
        "a part of its host between dots is longer than the {most} characters allowed",
        "uma parte do host entre pontos passa dos {most} caracteres permitidos",
    ),
    Text(
        "it has two schemes; leave one of them out",
        "tem dois esquemas; retire um deles",
    ),
    Text(
        "{word}:// is another program's; write rtsp:// and transport: {transport}",
        "{word}:// é de outro programa; escreva rtsp:// e transport: {transport}",
    ),
    Text(
        "there is no {word}://; did you mean {likely}://?",
        "não existe {word}://; você quis dizer {likely}://?",
    ),
    Text(
        "in place of the host stands a placeholder; an environment variable is written ${{NAME}}",
        "no lugar do host há um marcador; uma variável de ambiente se escreve ${{NOME}}",
    ),
    Text(
        "{host} is no IP address; it has four numbers from 0 to 255, like 10.0.0.5",
        "{host} não é um endereço IP; ele tem quatro números de 0 a 255, como 10.0.0.5",
    ),
    Text(
        "it does not begin with a scheme like rtsp:// or amqp://",
        "não começa com um esquema como rtsp:// ou amqp://",
    ),
    Text(
        "an IPv6 address stands in brackets: [address]:port",
        "um endereço IPv6 fica entre colchetes: [endereço]:porta",
    ),
    Text(
        "what follows the host is not a port number (in a password, write @ as %40, : as %3A, / as"
        " %2F and # as %23)",
        "o que vem depois do host não é um número de porta (em uma senha, escreva @ como %40, :"
        " como %3A, / como %2F e # como %23)",
    ),
    Text(
        "the host name contains a character that no host name has (in a password, write @ as %40,"
        " : as %3A, / as %2F and # as %23)",
        "o nome do host contém um caractere que nenhum host tem (em uma senha, escreva @ como %40,"
        " : como %3A, / como %2F e # como %23)",
    ),
    Text("the port is not between 1 and {most}", "a porta não está entre 1 e {most}"),
    Text(
        "the address in brackets is not an IPv6 address",
        "o endereço entre colchetes não é um endereço IPv6",
    ),
)
