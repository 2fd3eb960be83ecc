"""Names for the emoji that people use most, as other chats call them."""

EMOJI = {
    "+1": "👍", "-1": "👎", "angry": "😠", "bug": "🐛", "cake": "🍰", "checkered_flag": "🏁",
    "clap": "👏", "coffee": "☕", "confused": "😕", "cry": "😢", "eyes": "👀", "facepalm": "🤦",
    "fire": "🔥", "grin": "😁", "heart": "❤️", "hourglass": "⌛", "hug": "🤗", "joy": "😂",
    "kiss": "😘", "laughing": "😆", "muscle": "💪", "ok_hand": "👌", "party": "🥳", "pizza": "🍕",
    "point_up": "☝️", "pray": "🙏", "question": "❓", "raised_hand": "✋", "rocket": "🚀",
    "rolling_eyes": "🙄", "sad": "☹️", "scream": "😱", "shrug": "🤷", "sleeping": "😴",
    "slightly_smiling": "🙂", "smile": "😄", "smirk": "😏", "sob": "😭", "star": "⭐",
    "sunglasses": "😎", "sweat_smile": "😅", "tada": "🎉", "thinking": "🤔", "thumbs_down": "👎",
    "thumbs_up": "👍", "unamused": "😒", "upside_down": "🙃", "warning": "⚠️", "wave": "👋",
    "white_check_mark": "✅", "wink": "😉", "x": "❌", "zap": "⚡",
}  # fmt: skip
