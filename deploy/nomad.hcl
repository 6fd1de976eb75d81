# One node's edge-video on Nomad. Docs: docs/nomad.md
#
#   nomad var put nomad/jobs/edge-video broker_password=… door_password=… http_token=…
#   nomad job run deploy/nomad.hcl
job "edge-video" {
  type = "service"

  constraint {
    attribute = "${node.unique.name}"
    value     = "shop-7" # the machine beside the cameras
  }

  group "edge-video" {
    count = 1 # a second one would publish every camera twice

    # The line to the servers is down: go on capturing here, and nobody else begins. The cameras are
    # here, and so may be their consumers. See docs/nomad.md for cameras that others reach, too.
    disconnect {
      lost_after = "24h"
      replace    = false
      reconcile  = "keep_original"
    }

    # It ends only for what a restart may mend; then again and again, at a growing pause.
    restart {
      attempts = 10
      interval = "10m"
      delay    = "15s"
      mode     = "delay"
    }

    network {
      mode = "host" # UDP, multicast and the search for cameras need the machine's own network
      port "http" {
        static = 8080
      }
    }

    volume "data" {
      type   = "host"
      source = "edge-video" # host_volume of the client, owned by 10001:10001
    }

    service {
      name     = "edge-video"
      provider = "nomad"
      port     = "http"

      check { # the program is stuck: start it anew. Never because of a camera
        type     = "http"
        path     = "/health"
        interval = "10s"
        timeout  = "5s"
        check_restart {
          limit = 3
          grace = "60s"
        }
      }
    }

    task "edge-video" {
      driver       = "docker"
      kill_timeout = "15s"

      config {
        image           = "registry.example/edge-video:0.3.0" # yours; nobody publishes one
        network_mode    = "host"
        args            = ["run", "--watch", "--config", "/local/config.yaml"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]

        mount {
          type   = "tmpfs"
          target = "/tmp"
          tmpfs_options {
            size = 67108864
          }
        }
      }

      volume_mount {
        volume      = "data"
        destination = "/var/lib/edge-video"
      }

      resources { # for 720p at 15 fps: a tenth of a core and 70 MB a camera
        cpu        = 500
        memory     = 256
        memory_max = 1024
      }

      # noop: --watch takes a configuration that changes over without a new start.
      template {
        destination = "local/config.yaml"
        change_mode = "noop"
        data        = <<EOT
node: shop-7
amqp:
  url: "amqps://broker.example:5671/"
  username: "shop"
  password: "file:/secrets/broker-password"
http:
  listen: "0.0.0.0:8080"
  hosts: [shop-7]
  token: "file:/secrets/http-token"
state: {dir: /var/lib/edge-video/state}
log: {format: json}
cameras:
  - id: door
    url: "rtsp://10.0.0.5:554/stream"
    username: viewer
    password: "file:/secrets/door-password"
EOT
      }

      template {
        destination = "secrets/broker-password"
        change_mode = "noop"
        data        = "{{ with nomadVar \"nomad/jobs/edge-video\" }}{{ .broker_password }}{{ end }}"
      }

      template {
        destination = "secrets/door-password"
        change_mode = "noop"
        data        = "{{ with nomadVar \"nomad/jobs/edge-video\" }}{{ .door_password }}{{ end }}"
      }

      template {
        destination = "secrets/http-token"
        change_mode = "noop"
        data        = "{{ with nomadVar \"nomad/jobs/edge-video\" }}{{ .http_token }}{{ end }}"
      }
    }
  }
}
