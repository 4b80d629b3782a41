// Live updates, keypads and hold-to-confirm for both faces.
