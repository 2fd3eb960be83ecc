from twisted.application.service import ServiceMaker

ruggine = ServiceMaker("Ruggine", "ruggine.tap", "A self-hosted real-time chat", "ruggine")
