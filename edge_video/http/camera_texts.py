"""Holds what the page says of one camera: its state, why, what is done about it, its details."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text
from edge_video.text.picture_texts import PICTURE_TEXTS

CAMERA_TEXTS: Final[dict[str, Text]] = {
    # --- pictures that are not what the camera looks at --------------------------------------
    **PICTURE_TEXTS,
    "picture_why": Text("{state} since {time}", "{state} desde {time}"),
    "picture_advice.black": Text(
        "Look whether something covers the lens, and whether there is light.",
        "Veja se algo cobre a lente, e se há luz.",
    ),
    "picture_advice.white": Text(
        "Look whether a light shines into the lens; check the exposure in the camera.",
        "Veja se uma luz incide na lente; confira a exposição na câmera.",
    ),
    "picture_advice.grey": Text(
        "Its stream arrives torn: check the network, or set a shorter key frame interval.",
        "O stream chega danificado: verifique a rede, ou diminua o intervalo de frames-chave.",
    ),
    "picture_advice.frozen": Text(
        "The camera repeats one picture: restart it.",
        "A câmera repete uma só imagem: reinicie-a.",
    ),
    "picture_advice.nearly_frozen": Text(
        "Nothing moves in the picture but its clock: restart the camera.",
        "Nada muda na imagem além do relógio: reinicie a câmera.",
    ),
    "picture_advice.covered": Text(
        "Clean the lens, take away what is before it, or set the focus.",
        "Limpe a lente, remova o que está na frente, ou ajuste o foco.",
    ),
    "picture_advice.moved": Text(
        "Turn the camera back, or accept what it shows now.",
        "Reposicione a câmera, ou aceite a vista atual.",
    ),
    "verdict.picture.one": Text("1 picture wrong", "1 imagem com problema"),
    "verdict.picture": Text("{count} pictures wrong", "{count} imagens com problema"),
    # The state of a camera: a word beside a colour and a shape, and what it means.
    "word.OK": Text("streaming", "transmitindo"),
    "word.SLOW": Text("slow", "lenta"),
    "word.WARN": Text("no frames", "sem frames"),
    "word.CB_OPEN": Text("failed, waiting", "falhou, aguardando"),
    "word.HALF_OPEN": Text("being tried", "em teste"),
    "word.KEY_WAIT": Text("waiting for a key frame", "aguardando frame-chave"),
    "word.STARTING": Text("starting", "iniciando"),
    "word.UNKNOWN": Text("not known now", "desconhecido agora"),
    "word.PAUSED": Text("paused", "pausada"),
    "word.STOPPED": Text("stopped", "parada"),
    "word.OFF_EXPECTED": Text("off (expected)", "desligada (previsto)"),
    "word.OFF_SCHEDULE": Text("closed", "fora do horário ou do perfil"),
    "word.ELSEWHERE": Text("on another node", "em outro nó"),
    "word.UNOWNED": Text("on no node", "em nenhum nó"),
    "word.DISABLED": Text("disabled", "desativada"),
    "legend": Text("What the signs mean", "O que os sinais significam"),
    "legend.OK": Text(
        "Frames come as often as they should.", "Os frames chegam na frequência esperada."
    ),
    "legend.SLOW": Text(
        "Frames come, but clearly fewer than usual.",
        "Os frames chegam, mas bem menos que o normal.",
    ),
    "legend.WARN": Text(
        "The stream is open and gives no frame.", "O stream está aberto e não envia frames."
    ),
    "legend.CB_OPEN": Text(
        "It failed several times. edge-video waits, longer each time, and tries again by itself.",
        "Falhou várias vezes. O edge-video espera, cada vez mais, e tenta de novo sozinho.",
    ),
    "legend.HALF_OPEN": Text(
        "The wait is over: one try shows whether it works again.",
        "A espera acabou: uma tentativa mostra se voltou a funcionar.",
    ),
    "legend.KEY_WAIT": Text(
        "Data come. A picture can be made when the camera sends its next key frame.",
        "Os dados chegam. A imagem virá com o próximo frame-chave da câmera.",
    ),
    "legend.STARTING": Text("The stream is being opened.", "O stream está sendo aberto."),
    "legend.PAUSED": Text(
        "Somebody paused it; it is not tried until it is resumed.",
        "Alguém a pausou; nada é tentado até ser retomada.",
    ),
    "legend.STOPPED": Text(
        "Somebody stopped it; it stays so until it is started.",
        "Alguém a parou; fica assim até ser iniciada.",
    ),
    "legend.OFF_SCHEDULE": Text(
        "Outside the hours of its schedule, or not in the profile; it starts by itself.",
        "Fora do horário da programação, ou fora do perfil; inicia sozinha.",
    ),
    "legend.OFF_EXPECTED": Text(
        "Nobody is there, which may be. It is looked for each minute.",
        "Não responde, o que é previsto. É procurada a cada minuto.",
    ),
    "legend.ELSEWHERE": Text(
        "Another node of the cluster captures it, or is about to.",
        "Outro nó do cluster a captura, ou está prestes a fazê-lo.",
    ),
    "legend.UNOWNED": Text(
        "No node of the cluster captures it.", "Nenhum nó do cluster a captura."
    ),
    "legend.DISABLED": Text(
        "Switched off in the configuration (enabled: false).",
        "Desligada na configuração (enabled: false).",
    ),
    "since": Text("for {duration}", "há {duration}"),
    "since_at": Text("since {time}", "desde {time}"),
    "fps": Text("{fps} of {target} fps", "{fps} de {target} fps"),
    "fps.rare": Text("a picture every {interval}", "uma foto a cada {interval}"),
    "fps_history": Text(
        "Frames per second over the last ten minutes, expected {target}; now {fps}",
        "Frames por segundo nos últimos dez minutos, esperado {target}; agora {fps}",
    ),
    "fps_day": Text(
        "Frames per second over the last 24 hours, {known} of them known, expected {target}:"
        " {mean} on average, {least} at the least, from {time}, and {most} at the most",
        "Frames por segundo nas últimas 24 horas, com dados de {known}, esperado {target}:"
        " média {mean}, mínimo {least}, a partir das {time}, e máximo {most}",
    ),
    "why": Text("Why", "Por quê"),
    "why.WARN": Text("no frame for {duration}", "nenhum frame há {duration}"),
    "why.UNOWNED": Text(
        "on no node of the cluster for {duration}", "em nenhum nó do cluster há {duration}"
    ),
    "why.SLOW": Text("only {fps} of {target} fps", "só {fps} de {target} fps"),
    "doing": Text("Now", "Agora"),
    "can": Text("You can", "Você pode"),
    "doing.OK": Text("Everything is in order.", "Tudo em ordem."),
    "doing.SLOW": Text("Takes every frame that comes.", "Recebe todo frame que chega."),
    "doing.WARN": Text(
        "Waits for frames, and restarts the stream if none come.",
        "Aguarda frames e reinicia o stream se não vierem.",
    ),
    "doing.CB_OPEN": Text(
        "Stopped trying until {time} (in {countdown}).",
        "Tentativas suspensas até {time} (em {countdown}).",
    ),
    "doing.CB_OPEN.due": Text("Tries the camera now.", "Tenta a câmera agora."),
    "doing.PAUSED": Text(
        "Paused: it is not tried until you resume it.",
        "Pausada: nada é tentado até você retomar.",
    ),
    "doing.HALF_OPEN": Text(
        "Tries the camera once, and waits longer if that fails.",
        "Testa a câmera uma vez, e espera mais se falhar.",
    ),
    "doing.KEY_WAIT": Text(
        "Data come; waits for the camera's next key frame.",
        "Os dados chegam; aguarda o próximo frame-chave da câmera.",
    ),
    "doing.STARTING": Text("Opens the stream.", "Abre o stream."),
    "doing.STARTING.again": Text("Tries again at once.", "Tenta de novo imediatamente."),
    "doing.STOPPED": Text("Nothing: somebody stopped it.", "Nada: alguém a parou."),
    "doing.OFF_SCHEDULE": Text(
        "Rests by its schedule until {time}.", "Descansa pela programação até {time}."
    ),
    "doing.OFF_EXPECTED": Text(
        "Looks for it each minute, and starts when it is there.",
        "Procura a câmera a cada minuto e inicia quando ela estiver lá.",
    ),
    "doing.OFF_SCHEDULE.profile": Text(
        "Rests: it is not in the profile {profile}.",
        "Descansa: não está no perfil {profile}.",
    ),
    "doing.ELSEWHERE": Text(
        "Nothing: another node has it. It takes over when that one is gone.",
        "Nada: está com outro nó. Assume quando ele sair.",
    ),
    "doing.UNOWNED": Text(
        "Waits until a node of the cluster may take it.",
        "Aguarda até que um nó do cluster possa assumi-la.",
    ),
    "advice.unowned": Text(
        "Look at the nodes: one has to be up, not drained, with this camera in its configuration.",
        "Verifique os nós: um precisa estar ativo, sem drenagem e com esta câmera configurada.",
    ),
    "doing.DISABLED": Text(
        "Nothing: it is disabled in the configuration.",
        "Nada: está desativada na configuração.",
    ),
    # --- one camera -----------------------------------------------------------------------------
    "camera.before": Text("Camera before this one", "Câmera anterior"),
    "camera.after": Text("Next camera", "Próxima câmera"),
    "camera.close": Text("Close", "Fechar"),
    "camera.side": Text("Details and timeline", "Detalhes e linha do tempo"),
    "camera.unknown": Text(
        "There is no camera {camera} in the configuration.",
        "Não há câmera {camera} na configuração.",
    ),
    "camera.history": Text("Frames per second, ten minutes", "Frames por segundo, dez minutos"),
    "camera.day": Text("Frames per second, 24 hours", "Frames por segundo, 24 horas"),
    "details": Text("Details", "Detalhes"),
    "details.uptime": Text("Streaming", "Transmitindo"),
    "details.uptime.24h": Text("of 24 h", "de 24 h"),
    "details.uptime.7d": Text("of 7 days", "de 7 dias"),
    "details.picture": Text("Picture", "Imagem"),
    "details.last_frame": Text("Last frame", "Último frame"),
    "details.latency": Text("Latency (95 %)", "Latência (95 %)"),
    "details.received": Text("Received", "Recebidos"),
    "details.drops": Text("Dropped", "Descartados"),
    "details.dropping": Text("now, too", "também agora"),
    "details.drops_value": Text(
        "5 min: {recent} · since the start: {count}",
        "5 min: {recent} · desde o início: {count}",
    ),
    "details.epoch": Text("Lease (epoch)", "Número da concessão"),
    "details.unchanged": Text("Without a change", "Sem mudança"),
    "details.failures": Text("Failures", "Falhas"),
    "details.failures_value": Text(
        "5 min: {count} · last: {cause}, {ago}", "5 min: {count} · última: {cause}, {ago}"
    ),
    "details.no_failure": Text("none so far", "nenhuma até agora"),
    "details.in_a_row": Text("Failures in a row", "Falhas seguidas"),
    "details.attempts": Text("Attempts", "Tentativas"),
    "details.source": Text("Source", "Origem"),
    "details.mode": Text("Sends", "Envia"),
    "details.mode.transcode": Text("a stream", "um stream"),
    "details.mode.passthrough": Text(
        "a stream of JPEG images, passed on as they are",
        "um stream de imagens JPEG, repassadas como são",
    ),
    "details.mode.snapshot": Text(
        "still pictures, up to {fps} a second", "fotos, até {fps} por segundo"
    ),
    "details.mode.rare": Text(
        "still pictures, one every {interval}", "fotos, uma a cada {interval}"
    ),
    "details.masks": Text("Hidden", "Oculto"),
    "details.mask": Text("1 area of the picture", "1 área da imagem"),
    "details.masks_value": Text("{count} areas of the picture", "{count} áreas da imagem"),
    "details.decoder": Text("Decoded by", "Decodificada por"),
    "details.decoder.software": Text("the CPU", "CPU"),
    "details.decoder.encodes": Text("{hwaccel}, JPEG too", "{hwaccel}, JPEG também"),
    "details.memory": Text("FFmpeg", "FFmpeg"),
    "details.version": Text("Version", "Versão"),
}
