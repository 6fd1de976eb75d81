"""Holds the texts of every `Cause`: why a camera failed, and what can be done about it.

An advice says only what helps against its own cause: a test holds each against its cause.
"""

from __future__ import annotations

from typing import Final

from edge_video.resilience.failures import Cause
from edge_video.text.language import Text

_CAUSES: Final[dict[Cause, Text]] = {
    Cause.WRONG_PASSWORD: Text("wrong password", "senha incorreta"),
    Cause.NO_PASSWORD: Text("a password is wanted", "senha exigida"),
    Cause.UNKNOWN_AUTHENTICATION: Text("unknown authentication", "autenticação desconhecida"),
    Cause.FORBIDDEN: Text("access forbidden", "acesso proibido"),
    Cause.PROXY_REFUSED: Text("the HTTP proxy refuses", "o proxy HTTP recusou"),
    Cause.NO_SUCH_STREAM: Text("no such stream", "stream inexistente"),
    Cause.BUSY: Text("all sessions taken", "todas as sessões ocupadas"),
    Cause.TRANSPORT_REFUSED: Text("transport refused", "transporte recusado"),
    Cause.REQUEST_REFUSED: Text("request not understood", "requisição não entendida"),
    Cause.CAMERA_ERROR: Text("error inside the camera", "erro dentro da câmera"),
    Cause.CAMERA_TIMEOUT: Text("the camera gave up waiting", "a câmera desistiu de esperar"),
    Cause.NO_CONTENT: Text("the camera has no picture now", "a câmera está sem imagem agora"),
    Cause.UNREACHABLE: Text("unreachable", "inacessível"),
    Cause.REFUSED: Text("connection refused", "conexão recusada"),
    Cause.NAME_NOT_RESOLVED: Text("host name not found", "nome do host não encontrado"),
    Cause.TIMEOUT: Text("timed out", "tempo esgotado"),
    Cause.NOT_RTSP: Text("no RTSP on this port", "sem RTSP nesta porta"),
    Cause.TLS_FAILED: Text("TLS failed", "falha no TLS"),
    Cause.CERTIFICATE_REFUSED: Text("certificate not accepted", "certificado não aceito"),
    Cause.STALLED: Text("stalled, no frames", "travada, sem frames"),
    Cause.NO_KEY_FRAME: Text("no key frame", "sem frame-chave"),
    Cause.UDP_LOST: Text("its UDP packets do not arrive", "seus pacotes UDP não chegam"),
    Cause.END_OF_STREAM: Text("EOF", "EOF"),
    Cause.PICTURE_FROZEN: Text("picture frozen", "imagem congelada"),
    Cause.STILL_PICTURE: Text("a still picture, no stream", "uma foto, não um stream"),
    Cause.NOT_A_PICTURE: Text("not a JPEG picture", "não é uma foto JPEG"),
    Cause.WEB_PAGE: Text("a web page, no stream", "uma página web, não um stream"),
    Cause.NO_VIDEO: Text("no video in the stream", "sem vídeo no stream"),
    Cause.UNSUPPORTED: Text("unsupported stream", "stream não suportado"),
    Cause.COLOUR_SPACE: Text("colour space refused", "espaço de cores recusado"),
    Cause.NOT_MJPEG: Text("no Motion JPEG", "não é Motion JPEG"),
    Cause.NOT_JPEG: Text("the stream is not JPEG", "o stream não é JPEG"),
    Cause.TOO_MUCH_WORK: Text("too much work for its images", "dados demais para poucas imagens"),
    Cause.PICTURE_TOO_LARGE: Text("picture too large", "imagem grande demais"),
    Cause.PROTOCOL_NOT_ALLOWED: Text("protocol not allowed", "protocolo não permitido"),
    Cause.REDIRECTED: Text("redirected elsewhere", "redireciona para outro endereço"),
    Cause.FORMAT_NOT_ALLOWED: Text("format not allowed", "formato não permitido"),
    Cause.NO_HARDWARE: Text("no such decoding hardware", "hardware de decodificação ausente"),
    Cause.NOT_READABLE: Text("file not readable", "arquivo sem permissão de leitura"),
    Cause.BAD_ARGUMENTS: Text("FFmpeg refuses its arguments", "FFmpeg recusou os argumentos"),
    Cause.BINARY_MISSING: Text("FFmpeg not found", "FFmpeg não encontrado"),
    Cause.SPAWN_FAILED: Text("FFmpeg did not start", "FFmpeg não iniciou"),
    Cause.KILLED: Text("FFmpeg was killed", "FFmpeg foi encerrado à força"),
    Cause.MEMORY_LIMIT: Text("memory limit reached", "limite de memória atingido"),
    Cause.CPU_LIMIT: Text("CPU limit reached", "limite de CPU atingido"),
    Cause.CRASHED: Text("internal error", "erro interno"),
    Cause.UNKNOWN: Text("unknown failure", "falha desconhecida"),
}

_ADVICE: Final[dict[Cause, Text]] = {
    Cause.WRONG_PASSWORD: Text(
        "Check user and password in the configuration; too many tries lock the account, and some"
        " cameras answer the same while it is locked.",
        "Verifique usuário e senha na configuração; tentativas demais bloqueiam a conta, e algumas"
        " câmeras respondem o mesmo enquanto ela está bloqueada.",
    ),
    Cause.NO_PASSWORD: Text(
        "Set username and password of this camera in the configuration.",
        "Defina username e password desta câmera na configuração.",
    ),
    Cause.UNKNOWN_AUTHENTICATION: Text(
        "FFmpeg knows basic authentication and digest with MD5 only, and no quotation marks in a"
        " realm, often the camera's name (mode: snapshot knows them, and SHA-256, too): choose what"
        " it knows in the camera's settings (security, RTSP or web authentication).",
        "O FFmpeg só conhece autenticação basic e digest com MD5, e nenhuma aspa no domínio de"
        " autenticação, muitas vezes o nome da câmera (mode: snapshot as conhece, e também"
        " SHA-256): escolha o que ele conhece nas configurações da câmera (segurança, autenticação"
        " RTSP ou web).",
    ),
    Cause.FORBIDDEN: Text(
        "Let this account see the stream, and this machine's address ask, in the camera's"
        " settings (users, IP filter); a locked account answers so, too.",
        "Permita que esta conta veja o stream, e que o endereço desta máquina acesse a câmera, nas"
        " configurações dela (usuários, filtro de IP); uma conta bloqueada também responde assim.",
    ),
    Cause.PROXY_REFUSED: Text(
        "Let the proxy reach the camera (if it wants a login, http_proxy names it), or remove"
        " http_proxy so that the camera is asked directly.",
        "Permita que o proxy alcance a câmera (se ele exige login, http_proxy o informa), ou remova"
        " http_proxy para que ela seja acessada diretamente.",
    ),
    Cause.NO_SUCH_STREAM: Text(
        "Check the path of the stream's URL.", "Verifique o caminho na URL do stream."
    ),
    Cause.BUSY: Text(
        "Close other viewers of the camera, or use its substream: it serves no more at a time.",
        "Feche outros visualizadores da câmera, ou use o substream: ela não atende mais conexões"
        " ao mesmo tempo.",
    ),
    Cause.TRANSPORT_REFUSED: Text(
        "Set transport: udp for this camera (or back to tcp, if it is udp now).",
        "Defina transport: udp para esta câmera (ou de volta a tcp, se agora é udp).",
    ),
    Cause.REQUEST_REFUSED: Text(
        "Compare the URL, parameters included, with the one in the camera's manual; update its"
        " firmware.",
        "Compare a URL, com os parâmetros, com a do manual da câmera; atualize o firmware.",
    ),
    Cause.CAMERA_ERROR: Text(
        "Restart the camera; if it stays, look at its own log and update its firmware. With 502 or"
        " 504 a proxy or a recorder in front of it answers, which does not reach it.",
        "Reinicie a câmera; se persistir, veja o log dela e atualize o firmware. Com 502 ou 504"
        " quem responde é um proxy ou gravador na frente dela, que não a alcança.",
    ),
    Cause.CAMERA_TIMEOUT: Text(
        "It answers, and says 408: a recorder or proxy waits for the camera behind it (check that"
        " one), or what it is sent comes too slowly (check the network); otherwise restart it.",
        "Ela responde, e diz 408: um gravador ou proxy espera pela câmera atrás dele (verifique-a),"
        " ou o que lhe é enviado chega devagar demais (verifique a rede); senão reinicie-a.",
    ),
    Cause.NO_CONTENT: Text(
        "It answers 204, no content: switch the channel on, or the camera behind a recorder, and"
        " leave its privacy mode; if it does show pictures, check the path of the URL.",
        "Ela responde 204, sem conteúdo: ligue o canal, ou a câmera atrás de um gravador, e saia"
        " do modo de privacidade; se ela mostra imagens, verifique o caminho na URL.",
    ),
    Cause.UNREACHABLE: Text(
        "Check the camera's power, cable and address.",
        "Verifique energia, cabo e endereço da câmera.",
    ),
    Cause.REFUSED: Text(
        "Is the camera's stream switched on, and is the port right?",
        "O stream da câmera está ligado, e a porta está certa?",
    ),
    Cause.NAME_NOT_RESOLVED: Text(
        "Check the host name, and the name server.", "Verifique o nome do host e o DNS."
    ),
    Cause.TIMEOUT: Text(
        "Check the network to the camera, and its power.",
        "Verifique a rede até a câmera, e a energia dela.",
    ),
    Cause.NOT_RTSP: Text(
        "Check the port of the URL: RTSP is usually on 554, the web page on 80.",
        "Verifique a porta na URL: RTSP costuma estar na 554, a página web na 80.",
    ),
    Cause.TLS_FAILED: Text(
        "Check whether the port speaks TLS (rtsps://, https://) or not (rtsp://, http://), and"
        " which TLS versions the camera offers.",
        "Verifique se a porta usa TLS (rtsps://, https://) ou não (rtsp://, http://), e quais"
        " versões de TLS a câmera oferece.",
    ),
    Cause.CERTIFICATE_REFUSED: Text(
        "Give the camera a certificate that -ca_file in input_args vouches for, valid now and for"
        " this host name, or leave -tls_verify out.",
        "Dê à câmera um certificado garantido por -ca_file em input_args, válido agora e para este"
        " nome de host, ou retire -tls_verify.",
    ),
    Cause.STALLED: Text(
        "No picture comes: if the camera does not answer (ping, its page), check its power"
        " and its network; if it does, restart it.",
        "Nenhuma imagem chega: se a câmera não responde (ping, a página dela), verifique a energia"
        " e a rede dela; se responde, reinicie-a.",
    ),
    Cause.NO_KEY_FRAME: Text(
        "Set a shorter key frame (I-frame) interval in the camera, 1 to 4 seconds, and switch"
        " its smart codec off; or raise key_frame_timeout.",
        "Configure na câmera um intervalo menor entre frames-chave (I-frame), 1 a 4 segundos, e"
        " desligue o codec inteligente; ou aumente key_frame_timeout.",
    ),
    Cause.UDP_LOST: Text(
        "Let UDP from the camera through the firewall, or set transport: tcp.",
        "Libere UDP da câmera no firewall, ou defina transport: tcp.",
    ),
    Cause.END_OF_STREAM: Text(
        "The camera ended the stream: if it does so again and again, look at its own log.",
        "A câmera encerrou o stream: se isso se repete, veja o log dela.",
    ),
    Cause.PICTURE_FROZEN: Text(
        "The camera repeats one picture: restart it, if starting its stream anew does not help.",
        "A câmera repete uma só imagem: reinicie-a, se reiniciar o stream não resolver.",
    ),
    Cause.STILL_PICTURE: Text(
        "This URL is a snapshot: set mode: snapshot for this camera, or use the address of its"
        " stream (MJPEG, RTSP).",
        "Esta URL é de uma foto: defina mode: snapshot para esta câmera, ou use o endereço do"
        " stream dela (MJPEG, RTSP).",
    ),
    Cause.NOT_A_PICTURE: Text(
        "mode: snapshot needs a URL that answers each request with one JPEG image: open it in a"
        " browser to see what it is; for a stream, leave mode: snapshot out.",
        "mode: snapshot precisa de uma URL que responda a cada requisição com uma imagem JPEG:"
        " abra-a em um navegador para ver o que é; se for um stream, retire mode: snapshot.",
    ),
    Cause.WEB_PAGE: Text(
        "This URL is a page, perhaps the login: use the address of the camera's stream, or of its"
        " picture.",
        "Esta URL é de uma página, talvez do login: use o endereço do stream da câmera, ou da foto"
        " dela.",
    ),
    Cause.NO_VIDEO: Text(
        "Switch the video of this stream on in the camera, or use another channel.",
        "Ligue o vídeo deste stream na câmera, ou use outro canal.",
    ),
    Cause.UNSUPPORTED: Text(
        "Set the camera to H.264, H.265 or MJPEG; if it is a file, see whether it is whole.",
        "Configure a câmera para H.264, H.265 ou MJPEG; se for um arquivo, veja se está completo.",
    ),
    Cause.COLOUR_SPACE: Text(
        "The camera states a reserved colour space, which FFmpeg 7 does not take: for this camera"
        " set input_args: [-bsf:v, h264_metadata=matrix_coefficients=5] (hevc_metadata for H.265;"
        " FFmpeg 7.1 takes it), or use another FFmpeg.",
        "A câmera declara um espaço de cores reservado, que o FFmpeg 7 não aceita: para esta"
        " câmera defina input_args: [-bsf:v, h264_metadata=matrix_coefficients=5] (hevc_metadata"
        " para H.265; o FFmpeg 7.1 aceita), ou use outro FFmpeg.",
    ),
    Cause.NOT_MJPEG: Text(
        "Set the camera to MJPEG, or leave mode: passthrough out.",
        "Configure a câmera para MJPEG, ou retire mode: passthrough.",
    ),
    Cause.NOT_JPEG: Text(
        "Bytes come, and no JPEG image is in them: open the URL in a browser to see what it is,"
        " and look for the camera's Motion JPEG path, or use its RTSP stream.",
        "Chegam bytes, e não há imagem JPEG neles: abra a URL em um navegador para ver o que é, e"
        " procure o caminho Motion JPEG da câmera, ou use o stream RTSP dela.",
    ),
    Cause.TOO_MUCH_WORK: Text(
        "What it sends is hardly images: mode: transcode lets FFmpeg sort it out; if that is set,"
        " check the camera for a fault or an intruder.",
        "O que ela envia quase não são imagens: com mode: transcode o FFmpeg faz a triagem; se já"
        " está assim, verifique se há defeito ou intruso na câmera.",
    ),
    Cause.PICTURE_TOO_LARGE: Text(
        "Set the camera to a lower resolution (8192x8192 pixels at most).",
        "Configure a câmera para uma resolução menor (no máximo 8192x8192 pixels).",
    ),
    Cause.PROTOCOL_NOT_ALLOWED: Text(
        "The camera leads to an address of another kind: if you trust it, name the protocol in"
        " input_args with -protocol_whitelist.",
        "A câmera leva a um endereço de outro tipo: se você confia nela, inclua o protocolo em"
        " input_args com -protocol_whitelist.",
    ),
    Cause.REDIRECTED: Text(
        "The camera leads to an address that is not its own, and is not followed there: if you"
        " trust that address, write it as the url of this camera.",
        "A câmera leva a um endereço que não é o dela, e lá não é seguida: se você confia nesse"
        " endereço, escreva-o como url desta câmera.",
    ),
    Cause.FORMAT_NOT_ALLOWED: Text(
        "The camera sends a format that may open other files: if you trust it, name the format in"
        " input_args with -format_whitelist.",
        "A câmera envia um formato que pode abrir outros arquivos: se você confia nela, inclua o"
        " formato em input_args com -format_whitelist.",
    ),
    Cause.NO_HARDWARE: Text(
        "Install the driver, give this user the device, or set hwaccel to none.",
        "Instale o driver, dê a este usuário acesso ao dispositivo, ou ponha hwaccel em none.",
    ),
    Cause.NOT_READABLE: Text(
        "Let the user of this program read the file.",
        "Permita que o usuário deste programa leia o arquivo.",
    ),
    Cause.BAD_ARGUMENTS: Text(
        "Check input_args and the URL in the configuration.",
        "Verifique input_args e a URL na configuração.",
    ),
    Cause.BINARY_MISSING: Text("Install FFmpeg.", "Instale o FFmpeg."),
    Cause.SPAWN_FAILED: Text(
        "Give this machine more memory, or this user more processes and open files; with Exec"
        " format error, name an FFmpeg for this kind of machine in ffmpeg.",
        "Dê mais memória a esta máquina, ou mais processos e arquivos abertos a este usuário; com"
        " Exec format error, indique em ffmpeg um FFmpeg para este tipo de máquina.",
    ),
    Cause.KILLED: Text(
        "SIGKILL: somebody or the kernel killed FFmpeg; look for 'out of memory' in the system's"
        " log. SIGSEGV, SIGILL, SIGABRT or SIGBUS: FFmpeg itself crashed; name another version of"
        " it in ffmpeg.",
        "SIGKILL: alguém ou o kernel encerrou o FFmpeg à força; procure 'out of memory' no log do"
        " sistema. SIGSEGV, SIGILL, SIGABRT ou SIGBUS: o próprio FFmpeg falhou; indique outra"
        " versão dele em ffmpeg.",
    ),
    Cause.MEMORY_LIMIT: Text(
        "If what the camera sends is meant, raise ffmpeg_max_memory_mb for it, or lower its picture"
        " size; otherwise it sends what no healthy camera sends: check it and its firmware.",
        "Se o que a câmera envia é esperado, aumente ffmpeg_max_memory_mb para ela, ou reduza o"
        " tamanho da imagem; senão ela envia o que nenhuma câmera normal envia: verifique-a, e o"
        " firmware dela.",
    ),
    Cause.CPU_LIMIT: Text(
        "Raise ffmpeg_max_cpu_percent for this camera, or give its FFmpeg less to do: a smaller"
        " picture, fewer frames per second in the camera, keyframes_only.",
        "Aumente ffmpeg_max_cpu_percent para esta câmera, ou dê menos trabalho ao FFmpeg dela:"
        " imagem menor, menos frames por segundo na câmera, keyframes_only.",
    ),
    Cause.CRASHED: Text(
        "This is a bug of this program: please report it, with its log.",
        "Isto é um defeito deste programa: por favor relate, com o log.",
    ),
    Cause.UNKNOWN: Text(
        "Read FFmpeg's words above; please report them, so that they are understood.",
        "Leia a mensagem do FFmpeg acima; por favor relate-a, para que passe a ser reconhecida.",
    ),
}

CAUSE_TEXTS: Final[dict[str, Text]] = {
    **{f"cause.{cause.value}": text for cause, text in _CAUSES.items()},
    **{f"advice.{cause.value}": text for cause, text in _ADVICE.items()},
}
